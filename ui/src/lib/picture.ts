/** The longest picture that is kept with the settings, in characters of its data address. */
export const LONGEST_PICTURE = 100_000;

/** A file as `data:image/…;base64,…`. Raises what the browser says where it can not be read. */
export function dataAddress(file: Blob): Promise<string> {
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result as string);
    reader.onerror = () => failed(reader.error ?? new Error("The file can not be read."));
    reader.readAsDataURL(file);
  });
}

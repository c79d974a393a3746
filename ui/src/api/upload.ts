/** Files on their way to the server: as `write`, and telling how much of them has gone. */
import { address, ApiError, failure, headers, type Envelope, type Query } from "@/api/client";

interface Upload {
  query?: Query;
  body: Blob;
  /** Told how much has gone, from 0 to 1. */
  onProgress: (share: number) => void;
  signal: AbortSignal;
}

/** The answer's `data`. Raises `ApiError`; what is aborted raises an `AbortError`. */
export function upload<T>(action: string, { query, body, onProgress, signal }: Upload): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", address(action, query));
    headers("POST", body).forEach((value, name) => request.setRequestHeader(name, value));
    request.setRequestHeader("Content-Type", "text/csv");
    request.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0);
    request.onload = () => {
      if (request.status < 300) resolve((JSON.parse(request.responseText) as Envelope<T>).data);
      else
        reject(
          failure(
            request.status,
            request.statusText,
            request.getResponseHeader("X-Request-Id"),
            request.responseText,
          ),
        );
    };
    request.onerror = () => reject(new ApiError(0, "NETWORK", "The server could not be reached."));
    request.onabort = () => reject(new DOMException("The upload was ended.", "AbortError"));
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.send(body);
  });
}

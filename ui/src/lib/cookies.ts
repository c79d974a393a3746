/** The value of a cookie that scripts of this page may read, or `null`. */
export function cookie(name: string, all: string = document.cookie): string | null {
  for (const pair of all.split("; ")) {
    const at = pair.indexOf("=");
    if (at > 0 && pair.slice(0, at) === name) return decodeURIComponent(pair.slice(at + 1));
  }
  return null;
}

/** Set a cookie for a path of this host, until the browser is closed or for so many seconds; `null` takes it away. */
export function setCookie(name: string, value: string | null, path: string, ageS?: number): void {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  const lasts = value === null ? 0 : ageS;
  const age = lasts === undefined ? "" : `; Max-Age=${String(lasts)}`;
  document.cookie = `${name}=${encodeURIComponent(value ?? "")}; Path=${path}; SameSite=Lax${age}${secure}`;
}

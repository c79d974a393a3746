import { boot } from "@/lib/boot";
import { setCookie } from "@/lib/cookies";

/** See this application in a role from now on; `null`: in one's default role. All that was read is read anew. */
export function actAs(role: string | null): void {
  setCookie(`nb_role_${boot.app}`, role, boot.api);
  location.assign(`${boot.base}/`);
}

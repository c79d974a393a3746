import { useMutation, useQueryClient } from "@tanstack/react-query";
import { write } from "@/api/client";
import { session } from "@/api/queries/session";
import { leftBy, setParting } from "@/api/session-end";
import type { User } from "@/api/types";
import { boot } from "@/lib/boot";

export interface Credentials {
  account: string;
  password: string;
}

/** Whoever signs in or out begins with a fresh page, so that nothing is left of who was there before. */
export function useSignIn() {
  return useMutation({
    mutationFn: (body: Credentials) => write<{ user: User }>("auth:signIn", { body }),
  });
}

/** `failed` is told also where what asked for it is not shown any more. */
export function useSignOut(failed: (error: unknown) => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => write<unknown>("auth:signOut"),
    onMutate: () => setParting(true),
    onSuccess: () => {
      leftBy(client.getQueryData(session.user().queryKey));
      location.replace(`${boot.base}/signin`);
    },
    onError: (error) => {
      setParting(false);
      failed(error);
    },
  });
}

export function useChangePassword() {
  return useMutation({
    mutationFn: (body: { oldPassword: string; newPassword: string; confirmPassword: string }) =>
      write<unknown>("auth:changePassword", { body }),
  });
}

export type Profile = Partial<
  Pick<User, "nickname" | "email" | "username" | "phone" | "appLang" | "systemSettings">
>;

export const PROFILE = ["profile"] as const;

/** One after the other: what was chosen last is what stays. */
export function useUpdateProfile() {
  const client = useQueryClient();
  return useMutation({
    mutationKey: PROFILE,
    scope: { id: "profile" },
    mutationFn: (body: Profile) => write<User>("users:updateProfile", { body }),
    onSuccess: () => client.invalidateQueries({ queryKey: session.user().queryKey }),
  });
}

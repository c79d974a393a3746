import { QueryClient } from "@tanstack/react-query";
import { expect, test, vi } from "vitest";
import { ApiError } from "@/api/client";
import { session } from "@/api/queries/session";
import { signInAddress, watchSession } from "@/api/session-end";

const refused = () => Promise.reject(new ApiError(401, "EXPIRED_SESSION", "The session has ended."));

function watched() {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const leave = vi.fn();
  watchSession(client, leave);
  return { client, leave, ask: (key: string) => client.query({ queryKey: [key], queryFn: refused }) };
}

const { queryKey } = session.user();

test("who is signed in no more is led to the sign-in", async () => {
  const { client, leave, ask } = watched();
  const asked = vi.fn(refused).mockResolvedValueOnce({ id: 1 } as never);
  await client.query({ queryKey, queryFn: asked });
  await expect(ask("records")).rejects.toThrow();
  await vi.waitFor(() => expect(leave).toHaveBeenCalledOnce());
});

test("a refusal of another application's session leads nowhere", async () => {
  const { client, leave, ask } = watched();
  const asked = vi.fn(() => Promise.resolve({ id: 1 }));
  await client.query({ queryKey, queryFn: asked });
  await expect(ask("applications")).rejects.toThrow();
  await vi.waitFor(() => expect(asked).toHaveBeenCalledTimes(2));
  expect(leave).not.toHaveBeenCalled();
});

test("nobody is led away who was not signed in", async () => {
  const { client, leave } = watched();
  await expect(client.query({ queryKey, queryFn: refused })).rejects.toThrow();
  expect(leave).not.toHaveBeenCalled();
});

test("the sign-in leads back to the page", () => {
  const place = { pathname: "/apps/shop/admin/data/orders", search: "?page=2" };
  expect(signInAddress("/apps/shop/admin", place)).toBe(
    "/apps/shop/admin/signin?redirect=%2Fdata%2Forders%3Fpage%3D2",
  );
});

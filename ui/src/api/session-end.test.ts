import { QueryClient } from "@tanstack/react-query";
import { beforeEach, expect, test, vi } from "vitest";
import { ApiError } from "@/api/client";
import { session } from "@/api/queries/session";
import { comesBack, leftBy, setParting, signInAddress, watchSession } from "@/api/session-end";

const refused = () => Promise.reject(new ApiError(401, "EXPIRED_SESSION", "The session has ended."));

function watched() {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const leave = vi.fn();
  watchSession(client, leave);
  return { client, leave, ask: (key: string) => client.query({ queryKey: [key], queryFn: refused }) };
}

const { queryKey } = session.user();

beforeEach(() => {
  sessionStorage.clear();
  setParting(false);
});

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

test("whoever comes back to where somebody was is that person", async () => {
  const { client, leave, ask } = watched();
  const asked = vi.fn(refused).mockResolvedValueOnce({ id: 1 } as never);
  await client.query({ queryKey, queryFn: asked });
  await expect(ask("records")).rejects.toThrow();
  await vi.waitFor(() => expect(leave).toHaveBeenCalledOnce());
  expect(comesBack({ id: 2 })).toBe(false);
  // nobody has left since
  expect(comesBack({ id: 2 })).toBe(true);
  leftBy({ id: 1 });
  expect(comesBack({ id: 1 })).toBe(true);
  leftBy(undefined);
  expect(comesBack({ id: 2 })).toBe(true);
});

test("whoever signs out is not led to where they were", async () => {
  const { client, leave } = watched();
  const asked = vi.fn(refused).mockResolvedValueOnce({ id: 1 } as never);
  await client.query({ queryKey, queryFn: asked });
  setParting(true);
  await expect(client.query({ queryKey, queryFn: asked, staleTime: 0 })).rejects.toThrow();
  expect(leave).not.toHaveBeenCalled();
  setParting(false);
  await expect(client.query({ queryKey, queryFn: asked, staleTime: 0 })).rejects.toThrow();
  expect(leave).toHaveBeenCalledOnce();
});

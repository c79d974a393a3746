import { RouterProvider, createMemoryHistory, createRootRoute, createRouter } from "@tanstack/react-router";
import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { LinkButton } from "@/components/LinkButton";

vi.setConfig({ testTimeout: 60_000 });
vi.stubGlobal("scrollTo", () => undefined);
afterEach(cleanup);

test("a link looks like the button that it is said to be, and is nothing but a link", async () => {
  const routeTree = createRootRoute({
    component: () => (
      <LinkButton to="/" look="primary">
        Add
      </LinkButton>
    ),
  });
  const router = createRouter({ routeTree, history: createMemoryHistory() });
  // The router of the test is not that of the pages, which all types know.
  render(<RouterProvider router={router as never} />);
  const link = await screen.findByRole("link", { name: "Add" });
  expect(link.className).toContain("ant-btn-primary");
  expect(screen.queryByRole("button")).toBeNull();
});

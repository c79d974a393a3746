// Looks again every second: what has changed is changed in place, and once there is another page than this one, it is loaded.
"use strict";
const part = (page, id) => page.getElementById(id);

async function look() {
  // What leads elsewhere, such as to a sign-in, is no page that may be read from here: it is loaded.
  const asked = { headers: { Accept: "text/html" }, cache: "no-store", redirect: "manual" };
  const answer = await fetch(location.href, asked);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const bar = part(page, "on-its-way");
  if (bar === null) {
    location.reload();
    return;
  }
  if (bar.hasAttribute("value")) part(document, "on-its-way").value = bar.value;
  else part(document, "on-its-way").removeAttribute("value");
  for (const id of ["told", "phase"]) {
    const [shown, now] = [part(document, id), part(page, id)];
    if (shown.innerHTML !== now.innerHTML) shown.replaceChildren(...now.childNodes);
  }
  again();
}

// Who does not answer now may do so in a second.
const again = () => setTimeout(() => look().catch(again), 1000);
again();

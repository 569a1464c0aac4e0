// Changing what is said about a run: PATCH /api/v1/runs/<id>. A refusal is thrown with what the server answered.
import { Refused, meaning } from "../asking.js";

export async function describe(run, change) {
  const token = JSON.parse(document.body.getAttribute("hx-headers") ?? "{}")["X-CSRFToken"] ?? "";
  let answer;
  try {
    answer = await fetch(`/api/v1/runs/${run}`, {
      method: "PATCH",
      credentials: "same-origin",
      headers: { "Content-Type": "application/json", "X-CSRFToken": token },
      body: JSON.stringify(change),
    });
  } catch {
    throw new Refused(0, "");
  }
  const told = await answer.json().catch(() => ({}));
  if (answer.ok) return told;
  const refused = new Refused(answer.status, String(told.detail ?? meaning(answer.status)), answer.headers.get("X-Request-ID") ?? "");
  refused.told = told;
  throw refused;
}

// Counting: each check says on one line whether it holds, and if not what it found; the last line
// counts, as tests/run reads it.

let passed = 0;
let failed = 0;

export function check(what, holds, found = "") {
  if (holds) {
    passed += 1;
    return;
  }
  failed += 1;
  console.log(`FAILED  ${what}${found ? `: ${found}` : ""}`);
}

/** A check that holds where nothing is to be complained of. */
export function checkNone(what, complaints) {
  const shown = complaints.slice(0, 5).map((complaint) => `\n          ${complaint}`).join("");
  const more = complaints.length > 5 ? `\n          and ${complaints.length - 5} more` : "";
  check(what, complaints.length === 0, shown + more);
}

export function done() {
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
}

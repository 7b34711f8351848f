// What the page asks of the server that gave it, and what it says when that refuses or is gone.

/** An answer that is none: `status` of HTTP, 0 where the server did not answer; the message is for the reader. */
export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

const LOST =
  "The server does not answer. If `grids view` was stopped, start it again and open the address that it prints; through ssh, see whether the forwarding still stands. What is switched stays here until the page is closed.";
const LOGGED_OUT = "The server no longer knows this page: open the address that `grids view` printed when it was last started.";

async function wordsOf(answer) {
  if (answer.status === 401) return LOGGED_OUT;
  try {
    const { error } = await answer.json();
    if (typeof error === "string" && error !== "") return error;
  } catch {
    // No JSON: the status alone is told.
  }
  return `The server answered with status ${answer.status} and no reason.`;
}

/** GET, or POST where there is a body; resolves to the answer's object, rejects with Refused, or as `signal` says. */
export async function ask(path, body, signal) {
  const words = body === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  let answer;
  try {
    answer = await fetch(path, { ...words, signal });
    if (answer.ok) return await answer.json();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Refused(0, LOST);
  }
  throw new Refused(answer.status, await wordsOf(answer));
}

/** Asks the same thing again and again, of which the newest counts: what was asked before is given up. */
export class Newest {
  /** `wait`: milliseconds in which a newer question may come before one is sent. */
  constructor(path, wait) {
    this.path = path;
    this.wait = wait;
    this.now = null;
  }

  /** Resolves to the answer; to undefined where a newer question came. */
  async ask(body) {
    this.giveUp();
    const mine = new AbortController();
    this.now = mine;
    await new Promise((resolve) => setTimeout(resolve, this.wait));
    if (mine.signal.aborted) return undefined;
    try {
      const answer = await ask(this.path, body, mine.signal);
      return mine.signal.aborted ? undefined : answer;
    } catch (error) {
      if (mine.signal.aborted) return undefined;
      throw error;
    }
  }

  giveUp() {
    this.now?.abort();
  }
}

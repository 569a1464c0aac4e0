// How often a part of a page is fetched anew: one request at a time, and the longer the answer took the rarer.
export const LEAST = 2000; // ms between an answer and the next request
const TIMES = 5; // as long as the answer took: a slow server is asked a sixth of the time at most

/** `begin` sends a request and says whether it did; `sent` and `ended` tell of every request, whoever began it. */
export class Pace {
  constructor(begin, { now = () => performance.now(), later = (deed, wait) => setTimeout(deed, wait) } = {}) {
    Object.assign(this, { begin, now, later, next: 0, began: null, waits: false, again: false });
  }

  /** Something changed: fetch as soon as it may be, and once for all that changes until then. */
  wish() {
    if (this.waits) return;
    if (this.began !== null) {
      this.again = true; // the answer on its way may be older than the change
      return;
    }
    if (this.next <= this.now()) {
      if (this.begin()) return;
      this.next = this.now() + LEAST; // somebody types in it: ask again later
    }
    this.waits = true;
    this.later(() => {
      this.waits = false;
      this.wish();
    }, this.next - this.now());
  }

  sent() {
    this.began = this.now();
  }

  ended() {
    if (this.began === null) return;
    this.next = this.now() + Math.max(LEAST, TIMES * (this.now() - this.began));
    this.began = null;
    if (!this.again) return;
    this.again = false;
    this.wish();
  }
}

// Asking anew for what changes by itself, without asking more of the server than it can answer.
const EVERY = 5000; // ms at least between two questions
const SHARE = 5; // and this many times as long as the last answer took

/** `load` is called after news (only unfinished runs have any), never while its last answer is not there yet. */
export class Patient {
  constructor(load, now = () => performance.now()) {
    Object.assign(this, { load, now, hasNews: false, isAsking: false, next: now() + EVERY });
  }

  news() {
    this.hasNews = true;
  }

  async look() {
    if (!this.hasNews || this.isAsking || this.now() < this.next) return;
    this.hasNews = false;
    this.isAsking = true;
    const began = this.now();
    try {
      await this.load();
    } finally {
      this.isAsking = false;
      const ended = this.now();
      this.next = Math.max(began + EVERY, ended + SHARE * (ended - began));
    }
  }
}

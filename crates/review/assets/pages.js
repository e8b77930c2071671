// Rows of the list, fetched in pages around what is in view and kept in a bounded cache.

const PAGE = 100;
const KEPT = 40;
const AT_ONCE = 2;

/** Pages of one list of the program. */
export class Pages {
  /**
   * @param {Function} fetchPage `(from, count, signal) => Promise<{groups}>`
   * @param {Function} onload called when a page has come
   * @param {Function} onerror called with the error if one has not
   */
  constructor(fetchPage, onload, onerror) {
    Object.assign(this, { fetchPage, onload, onerror, pages: new Map(), loading: new Map(), stale: new Set(), count: 0 });
  }

  /** Forgets all; the list has `count` rows now. */
  reset(count) {
    for (const ender of this.loading.values()) ender.abort();
    this.pages.clear();
    this.loading.clear();
    this.stale.clear();
    this.count = count;
  }

  /**
   * A row, if it is here.
   * @param {number} at position in the list
   * @returns {object|undefined}
   */
  row(at) {
    return this.pages.get(Math.floor(at / PAGE))?.[at % PAGE];
  }

  /**
   * Wishes for rows; pages that are under way and no longer wished for are given up.
   * @param {number} first position of the first
   * @param {number} last position behind the last
   */
  want(first, last) {
    if (this.count === 0) return;
    const from = Math.floor(Math.max(0, first) / PAGE);
    const to = Math.floor(Math.max(0, Math.min(last, this.count) - 1) / PAGE);
    for (const [page, ender] of this.loading) {
      if (page < from - 1 || page > to + 1) this.end(page, ender);
    }
    for (let page = from; page <= to; page += 1) this.load(page);
  }

  /**
   * A row, fetched if need be.
   * @param {number} at position in the list
   * @returns {Promise<object|undefined>}
   */
  async rowLater(at) {
    if (at < 0 || at >= this.count) return undefined;
    if (!this.row(at)) {
      const page = Math.floor(at / PAGE);
      const got = await this.fetchPage(page * PAGE, PAGE);
      this.keep(page, got.groups);
    }
    return this.row(at);
  }

  /**
   * Changes what is known of a group, wherever it stands.
   * @param {number} group number of the group
   * @param {Function} change called with its row
   */
  update(group, change) {
    for (const rows of this.pages.values()) {
      const row = rows.find((one) => one.group === group);
      if (row) change(row);
    }
  }

  /** Rows are shown as they are until they were fetched anew. */
  refresh() {
    this.stale = new Set(this.pages.keys());
  }

  end(page, ender) {
    ender.abort();
    this.loading.delete(page);
  }

  async load(page) {
    const known = this.pages.get(page);
    if (known) {
      this.pages.delete(page);
      this.pages.set(page, known);
      if (!this.stale.has(page)) return;
    }
    if (this.loading.has(page) || this.loading.size >= AT_ONCE) return;
    const ender = new AbortController();
    this.loading.set(page, ender);
    try {
      const got = await this.fetchPage(page * PAGE, PAGE, ender.signal);
      if (this.loading.get(page) !== ender) return;
      this.loading.delete(page);
      this.keep(page, got.groups);
      this.onload();
    } catch (error) {
      if (this.loading.get(page) === ender) this.loading.delete(page);
      if (error.name !== "AbortError") this.onerror(error);
    }
  }

  keep(page, rows) {
    this.stale.delete(page);
    this.pages.set(page, rows);
    for (const oldest of this.pages.keys()) {
      if (this.pages.size <= KEPT) break;
      this.pages.delete(oldest);
    }
  }
}

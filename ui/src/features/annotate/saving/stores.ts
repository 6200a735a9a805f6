/** Where unsent labels are kept: in the browser's database, or for the visit only. */

import type { Entry, EntryStore } from "./outbox";

const DATABASE = "pitmark";
const TABLE = "unsent-labels";

/** Entries that live as long as the page. */
export class PageStore implements EntryStore {
  private readonly entries = new Map<string, Entry>();

  async all(): Promise<Entry[]> {
    return structuredClone([...this.entries.values()]);
  }

  async get(id: string): Promise<Entry | undefined> {
    return structuredClone(this.entries.get(id));
  }

  async put(entry: Entry): Promise<void> {
    this.entries.set(entry.id, structuredClone(entry));
  }

  async replace(entry: Entry, by: Entry | null): Promise<void> {
    if (this.entries.get(entry.id)?.key !== entry.key) return;
    if (by) await this.put(by);
    else this.entries.delete(entry.id);
  }
}

function answered<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () =>
      reject(request.error ?? new Error("The browser's database failed."));
  });
}

/** Entries in the browser's database: they survive that the page or the lid is closed. */
export class BrowserStore implements EntryStore {
  private readonly database: IDBDatabase;

  private constructor(database: IDBDatabase) {
    this.database = database;
  }

  static async open(factory: IDBFactory): Promise<BrowserStore> {
    const request = factory.open(DATABASE, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(TABLE, { keyPath: "id" });
    };
    return new BrowserStore(await answered(request));
  }

  async all(): Promise<Entry[]> {
    return answered(this.table("readonly").getAll() as IDBRequest<Entry[]>);
  }

  async get(id: string): Promise<Entry | undefined> {
    return answered(this.table("readonly").get(id) as IDBRequest<Entry | undefined>);
  }

  async put(entry: Entry): Promise<void> {
    const table = this.table("readwrite");
    table.put(entry);
    await this.done(table.transaction);
  }

  async replace(entry: Entry, by: Entry | null): Promise<void> {
    const table = this.table("readwrite");
    const asked: IDBRequest<Entry | undefined> = table.get(entry.id);
    // Within one transaction: no other window comes in between.
    asked.onsuccess = () => {
      if (asked.result?.key !== entry.key) return;
      if (by) table.put(by);
      else table.delete(entry.id);
    };
    await this.done(table.transaction);
  }

  private table(mode: IDBTransactionMode): IDBObjectStore {
    // Strict: "kept on this computer" is only said of what is on its disk.
    return this.database.transaction(TABLE, mode, { durability: "strict" }).objectStore(TABLE);
  }

  private done(transaction: IDBTransaction): Promise<void> {
    return new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () =>
        reject(transaction.error ?? new Error("The browser's database is full or closed."));
    });
  }
}

/** The best store there is: private windows and full disks have no database. */
export async function bestStore(): Promise<EntryStore> {
  try {
    return await BrowserStore.open(indexedDB);
  } catch {
    return new PageStore();
  }
}

/** A store that is opened when it is first needed. */
export class LazyStore implements EntryStore {
  private readonly opened: Promise<EntryStore>;

  constructor(opening: Promise<EntryStore>) {
    this.opened = opening;
  }

  async all(): Promise<Entry[]> {
    return (await this.opened).all();
  }

  async get(id: string): Promise<Entry | undefined> {
    return (await this.opened).get(id);
  }

  async put(entry: Entry): Promise<void> {
    await (await this.opened).put(entry);
  }

  async replace(entry: Entry, by: Entry | null): Promise<void> {
    await (await this.opened).replace(entry, by);
  }
}

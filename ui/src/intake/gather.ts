/** Files out of what was dropped or chosen: folders with all that is in them. */
import type { LocalFile } from "@/intake/upload";

const LITTER = /(^|\/)(\.DS_Store|Thumbs\.db|desktop\.ini|\._[^/]*|__MACOSX(\/.*)?)$/i;

/** Whether a path is what operating systems leave in folders. */
export function isLitter(path: string): boolean {
  return LITTER.test(path);
}

/** Files of an <input>; with `webkitdirectory` they bring their paths. */
export function fromInput(files: FileList | null): LocalFile[] {
  return Array.from(files ?? [])
    .map((file) => ({ path: file.webkitRelativePath || file.name, file }))
    .filter((f) => !isLitter(f.path));
}

/** Files and folders that were dropped. Must be called before the event has ended. */
export async function fromDrop(data: DataTransfer): Promise<LocalFile[]> {
  const entries = Array.from(data.items)
    .map((item) => item.webkitGetAsEntry())
    .filter((e) => e !== null);
  const found: LocalFile[] = [];
  for (const entry of entries) await gather(entry, "", found);
  return found;
}

async function gather(entry: FileSystemEntry, above: string, found: LocalFile[]) {
  const path = above + entry.name;
  if (isLitter(path)) return;
  if (isFolder(entry)) {
    for (const inner of await children(entry)) await gather(inner, `${path}/`, found);
  } else if (isFile(entry)) {
    const file = await new Promise<File>((done, failed) => entry.file(done, failed));
    found.push({ path, file });
  }
}

async function children(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  // A reader gives a hundred at a time until it gives none.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((done, failed) =>
      reader.readEntries(done, failed),
    );
    if (some.length === 0) return all;
    all.push(...some);
  }
}

function isFolder(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

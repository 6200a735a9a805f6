/**
 * SHA-256 of files of any size. WebCrypto does it for what fits into memory; it cannot go
 * through a file piece by piece, and browsers keep it from pages without HTTPS. There the
 * same function runs here, after FIPS 180-4.
 */

const AT_ONCE_BYTES = 64 << 20;
const PIECE_BYTES = 4 << 20;
const BLOCK = 64;

/** The hash in small hexadecimal letters. `told` gets the bytes read since it was told last. */
export async function sha256(blob: Blob, told: (bytes: number) => void = () => {}) {
  if (globalThis.crypto?.subtle && blob.size <= AT_ONCE_BYTES) {
    const digest = await crypto.subtle.digest("SHA-256", await blob.arrayBuffer());
    told(blob.size);
    return hex(new Uint8Array(digest));
  }
  return await sha256InPieces(blob, told);
}

/** The same, piece by piece. */
export async function sha256InPieces(blob: Blob, told: (bytes: number) => void = () => {}) {
  const hash = new Sha256();
  for (let at = 0; at < blob.size; at += PIECE_BYTES) {
    const piece = await blob.slice(at, at + PIECE_BYTES).arrayBuffer();
    hash.update(new Uint8Array(piece));
    told(piece.byteLength);
  }
  return hex(hash.digest());
}

/** The hash of bytes that come one after the other. */
export class Sha256 {
  private readonly state = firstWords(8, 1 / 2);
  private readonly words = new Uint32Array(BLOCK);
  private readonly open = new Uint8Array(BLOCK);
  private openBytes = 0;
  private bytes = 0;

  update(data: Uint8Array): void {
    this.bytes += data.length;
    let at = 0;
    if (this.openBytes > 0) {
      at = Math.min(BLOCK - this.openBytes, data.length);
      this.open.set(data.subarray(0, at), this.openBytes);
      this.openBytes += at;
      if (this.openBytes < BLOCK) return;
      this.block(this.open, 0);
      this.openBytes = 0;
    }
    for (; at + BLOCK <= data.length; at += BLOCK) this.block(data, at);
    this.open.set(data.subarray(at));
    this.openBytes = data.length - at;
  }

  digest(): Uint8Array {
    const bits = this.bytes * 8;
    const end = new Uint8Array((this.openBytes < 56 ? 64 : 128) - this.openBytes);
    end[0] = 0x80;
    const view = new DataView(end.buffer);
    view.setUint32(end.length - 8, Math.floor(bits / 2 ** 32));
    view.setUint32(end.length - 4, bits >>> 0);
    this.update(end);
    const out = new DataView(new ArrayBuffer(32));
    this.state.forEach((word, i) => {
      out.setUint32(4 * i, word);
    });
    return new Uint8Array(out.buffer);
  }

  private block(data: Uint8Array, at: number): void {
    const w = this.words;
    const view = new DataView(data.buffer, data.byteOffset + at, BLOCK);
    for (let i = 0; i < 16; i++) w[i] = view.getUint32(4 * i);
    for (let i = 16; i < 64; i++) {
      const far = word(w, i - 15);
      const near = word(w, i - 2);
      const s0 = turn(far, 7) ^ turn(far, 18) ^ (far >>> 3);
      const s1 = turn(near, 17) ^ turn(near, 19) ^ (near >>> 10);
      w[i] = (word(w, i - 16) + s0 + word(w, i - 7) + s1) | 0;
    }
    this.mix(w);
  }

  private mix(w: Uint32Array): void {
    const s = this.state;
    let [a, b, c, d] = [word(s, 0), word(s, 1), word(s, 2), word(s, 3)];
    let [e, f, g, h] = [word(s, 4), word(s, 5), word(s, 6), word(s, 7)];
    for (let i = 0; i < 64; i++) {
      const s1 = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25);
      const one = (h + s1 + ((e & f) ^ (~e & g)) + word(ROUND_WORDS, i) + word(w, i)) | 0;
      const s0 = turn(a, 2) ^ turn(a, 13) ^ turn(a, 22);
      const two = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + one) | 0;
      d = c;
      c = b;
      b = a;
      a = (one + two) | 0;
    }
    [a, b, c, d, e, f, g, h].forEach((value, i) => {
      s[i] = (word(s, i) + value) | 0;
    });
  }
}

const ROUND_WORDS = firstWords(64, 1 / 3);

/** The first 32 bits behind the point of roots of the first primes. */
function firstWords(count: number, power: number): Uint32Array {
  const out = new Uint32Array(count);
  for (let n = 2, found = 0; found < count; n++) {
    let prime = true;
    for (let d = 2; d * d <= n; d++) if (n % d === 0) prime = false;
    if (!prime) continue;
    out[found++] = Math.floor((n ** power % 1) * 2 ** 32);
  }
  return out;
}

function word(words: Uint32Array, at: number): number {
  return words[at] ?? 0;
}

function turn(value: number, bits: number): number {
  return (value >>> bits) | (value << (32 - bits));
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}

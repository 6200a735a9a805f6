/**
 * Figures for people. A share never stands alone: it comes with its count, its interval and
 * a sentence. The digits are those of `pitmark.metrics.intervals`.
 */

/** So many of so many, with the interval of the share. */
export interface Proportion {
  count: number;
  total: number;
  low: number;
  high: number;
}

const Z_95 = 1.959963984540054;

/** Wilson's score interval at 95 %, sound for small counts. */
export function wilson(count: number, total: number): Proportion {
  if (total === 0) return { count: 0, total: 0, low: 0, high: 1 };
  const share = count / total;
  const scale = 1 + Z_95 ** 2 / total;
  const middle = (share + Z_95 ** 2 / (2 * total)) / scale;
  const half =
    (Z_95 / scale) * Math.sqrt((share * (1 - share)) / total + Z_95 ** 2 / (4 * total ** 2));
  return {
    count,
    total,
    low: count === 0 ? 0 : Math.max(0, middle - half),
    high: count === total ? 1 : Math.min(1, middle + half),
  };
}

/** A share as a percentage with one decimal, two close to 0 and 100, without the sign. */
export function percent(share: number): string {
  const value = 100 * share;
  if (value === 0 || value === 100) return value.toFixed(0);
  if (value >= 0.095 && value <= 99.9) return value.toFixed(1);
  return Math.min(Math.max(value, 0.01), 99.99).toFixed(2);
}

/** "3 of 212 defects missed (1.4 %, between 0.5 and 4.1 %)". */
export function shareText(p: Proportion, what: string): string {
  if (p.total === 0) return `0 of 0 ${what} (nothing to judge by)`;
  return `${p.count} of ${p.total} ${what} (${percent(p.count / p.total)} %, ${betweenText(p)})`;
}

/** "between 0.5 and 4.1 %". */
export function betweenText(p: Pick<Proportion, "low" | "high">): string {
  return `between ${percent(p.low)} and ${percent(p.high)} %`;
}

/** Points of a score with sign: "+2.1 points, between +0.8 and +3.4". */
export function pointsText(gain: number, low: number | null, high: number | null): string {
  const middle = `${signed(gain)} ${Math.abs(gain * 100).toFixed(1) === "1.0" ? "point" : "points"}`;
  if (low === null || high === null) return middle;
  return `${middle}, between ${signed(low)} and ${signed(high)}`;
}

function signed(gain: number): string {
  const text = Math.abs(gain * 100).toFixed(1);
  if (text === "0.0") return "0.0";
  return `${gain > 0 ? "+" : "−"}${text}`;
}

/** "about 6 min", "about 2 h", "less than a minute". */
export function minutesText(minutes: number): string {
  if (minutes < 0.75) return "less than a minute";
  if (minutes < 90) return `about ${Math.round(minutes)} min`;
  const hours = minutes / 60;
  return hours < 10
    ? `about ${hours.toFixed(1).replace(".0", "")} h`
    : `about ${Math.round(hours)} h`;
}

/** Time that is left: "12 s", "3 min", "1 h 10 min". */
export function secondsText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 60) return `${minutes} min`;
  const rest = minutes % 60;
  return rest ? `${Math.floor(minutes / 60)} h ${rest} min` : `${Math.floor(minutes / 60)} h`;
}

const count = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** 12,480. */
export function countText(n: number): string {
  return count.format(n);
}

/** "1 image", "12,480 images". */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${countText(n)} ${n === 1 ? one : many}`;
}

/** "17.4 MB". */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ["kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = "B";
  for (const u of units) {
    if (value < 999.5) break;
    value /= 1000;
    unit = u;
  }
  return `${value < 99.95 ? value.toFixed(1) : value.toFixed(0)} ${unit}`;
}

/** "just now", "5 min ago", "yesterday, 14:05", "12 Mar 2026, 14:05". */
export function whenText(iso: string, now: Date = new Date()): string {
  const at = new Date(iso);
  const seconds = (now.getTime() - at.getTime()) / 1000;
  if (Number.isNaN(seconds)) return iso;
  if (seconds >= -60 && seconds < 60) return "just now";
  if (seconds >= 60 && seconds < 3600) return `${Math.round(seconds / 60)} min ago`;
  const time = timeText(iso);
  const days = Math.round((midnight(now) - midnight(at)) / 86_400_000);
  if (days === 0) return `today, ${time}`;
  if (days === 1) return `yesterday, ${time}`;
  return `${dayText(iso)}, ${time}`;
}

/** "14:05". */
export function timeText(iso: string): string {
  return new Date(iso).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}

/** "12 Mar 2026". */
export function dayText(iso: string): string {
  return new Date(iso).toLocaleDateString("en-GB", {
    day: "numeric",
    month: "short",
    year: "numeric",
  });
}

function midnight(day: Date): number {
  return new Date(day.getFullYear(), day.getMonth(), day.getDate()).getTime();
}

/** Words as a sentence: a capital at the beginning, a full stop at the end. */
export function sentence(words: string): string {
  const text = words.trim();
  if (text === "") return "";
  const stop = /[.!?:]$/.test(text) ? "" : ".";
  return text.slice(0, 1).toUpperCase() + text.slice(1) + stop;
}

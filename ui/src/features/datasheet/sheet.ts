/** The datasheet as `ops/data/datasheet.py` writes it. */
import type { Document } from "@/api/types";

export interface Question {
  key: string;
  section: string;
  text: string;
  /** What a person said; null where nobody did. */
  answer: string | null;
  /** What the project says by itself. */
  told: string[];
}

export interface Section {
  title: string;
  questions: Question[];
}

export interface Sheet {
  snapshot: string;
  created: string;
  sections: Section[];
  /** Keys of what nobody has answered and the project cannot. */
  blanks: string[];
}

/** The sections in their order; null where the document is of another kind. */
export function readSheet(document: Document | null): Sheet | null {
  const { questions, sheet, answers, facts, created } = (document ?? {}) as {
    questions?: { key: string; section: string; text: string }[];
    sheet?: Record<string, string[]>;
    answers?: Record<string, string>;
    facts?: { snapshot?: { id?: string } };
    created?: string;
  };
  if (!Array.isArray(questions) || sheet === undefined) return null;
  const read = questions.map(({ key, section, text }): Question => {
    const answer = answers?.[key] || null;
    // A person's words stand before those of the project.
    const told = (sheet[key] ?? []).slice(answer === null ? 0 : 1);
    return { key, section, text, answer, told };
  });
  const titles = [...new Set(read.map((q) => q.section))];
  return {
    snapshot: facts?.snapshot?.id ?? "",
    created: created ?? "",
    sections: titles.map((title) => ({
      title,
      questions: read.filter((q) => q.section === title),
    })),
    blanks: read.filter((q) => q.answer === null && q.told.length === 0).map((q) => q.key),
  };
}

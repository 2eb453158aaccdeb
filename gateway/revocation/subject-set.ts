import { parseSubjectKey, type Subject, subjectKey } from './subject.ts'

/** Set of subjects, by key. */
export class SubjectSet {
  readonly #keys = new Set<string>()

  get size(): number {
    return this.#keys.size
  }

  add(subject: Subject): void {
    this.#keys.add(subjectKey(subject))
  }

  delete(subject: Subject): void {
    this.#keys.delete(subjectKey(subject))
  }

  /** Returns the first subjects, at most `max`. */
  first(max: number): readonly Subject[] {
    return [...this.#keys.values().take(max)].flatMap((key) => parseSubjectKey(key) ?? [])
  }
}

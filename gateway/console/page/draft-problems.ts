/** The fields of the emit form that can be wrong. */
export type DraftField = 'over' | 'audience' | 'roles' | 'type' | 'source' | 'payload' | 'extensions' | 'copies'

/** What is wrong with a draft, by field. */
export type DraftProblems = Partial<Readonly<Record<DraftField, string>>>

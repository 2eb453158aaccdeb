/** Kinds of errors at evaluation (specification, section 3.3), by the names of its conformance tests. */
export const evaluationErrors = ['math', 'cast', 'missingAttribute', 'missingFunction', 'functionEvaluation', 'generic'] as const
export type EvaluationError = (typeof evaluationErrors)[number]

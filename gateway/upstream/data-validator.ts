import type { DataSchema } from '../config/data-schema.ts'

/**
 * Checks the data of an event against the schema of its rule.
 * @param data parsed JSON @returns the first mistake, with its place; null: there is none. Never the data themselves.
 */
export type DataValidator = (data: unknown) => string | null

/** Makes the check of a schema that `schemaMistakes` finds no mistake in. */
export type CompileSchema = (schema: DataSchema) => DataValidator

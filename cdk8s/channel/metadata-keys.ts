import { hasMetadataKeys as rule, metadataKeyPattern } from '../../api/v1alpha1/schema/parts.ts'

/** Says what a key must be: the message of the schema's rule. */
export const metadataKeysMessage = rule.message

/** Whether every key is one that a label or an annotation can have. The schema says so in CEL. */
export function hasMetadataKeys(entries: Readonly<Record<string, string>> = {}): boolean {
  return Object.keys(entries).every((key) => new RegExp(metadataKeyPattern, 'u').test(key))
}

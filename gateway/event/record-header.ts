import type { AttributeValue } from './attributes.ts'

/**
 * The name of the header for values that `ce_` headers cannot express. Every value of a binary record is a text (CloudEvents Kafka binding,
 * section 3.2.3). Data without a content type are read as JSON. A gateway adds this header where one of these rules would lose a type. It is
 * a JSON object with the attributes as the emitter gave them.
 *
 * - An attribute that is an integer or a boolean. It counts if the `ce_` header of its name still has the same text.
 * - `datacontenttype` of an event whose data are bytes; null: the event has none. The record's content type is then `bytesType`.
 *
 * Readers that do not know the header get the same event with texts for these values.
 */
export const exactHeader = 'carillon_attributes'

/** The content type of a record whose data are bytes although the event's own type, or its absence, means JSON. */
export const bytesType = 'application/octet-stream'

/** Values of `exactHeader`, by attribute. */
export type ExactAttributes = Readonly<Record<string, AttributeValue | null>>

/** Most bytes of all header values of a record together. */
export const maxHeaderBytes = 65_536

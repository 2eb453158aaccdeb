import type { AttributeValue } from './attributes.ts'

/**
 * The name of the header that holds what `ce_` headers cannot say. Every value of a binary record is a text (CloudEvents Kafka binding,
 * section 3.2.3), and data without a content type are read as JSON. A gateway adds this header to a binary record where one of these
 * loses something: JSON of an object with the attributes as the emitter gave them.
 *
 * - An attribute that is an integer or a boolean. It counts where the `ce_` header of its name still has the same text.
 * - `datacontenttype`, null when the event has none, of an event whose data are bytes. The record's content type is `bytesType` then.
 *
 * Readers that do not know the header get the same event with texts for these values.
 */
export const exactHeader = 'carillon_attributes'

/** The content type of a record whose data are bytes although the event's own type, or its absence, says JSON. */
export const bytesType = 'application/octet-stream'

/** Values of `exactHeader`, by attribute. */
export type ExactAttributes = Readonly<Record<string, AttributeValue | null>>

/** Most bytes of all header values of a record together. */
export const maxHeaderBytes = 65_536

import { failed, ok, type Result } from '../../program/result.ts'
import { dataShape } from './attributes.ts'
import type { EventProblem } from './cloud-event.ts'
import { isJsonObject } from './json-text.ts'
import type { RawEvent } from './check-event.ts'

/** Most members of an event: more than fit into the headers of a record. */
export const maxMembers = 1_000

/** Takes an event in the JSON format (CloudEvents JSON format 1.0, section 3) apart into attributes and bytes. */
export function readStructuredEvent(value: unknown): Result<RawEvent, readonly EventProblem[]> {
  if (!isJsonObject(value)) return failed([{ attribute: null, detail: 'The event must be a JSON object.' }])
  // The limit comes before copying and checking each member.
  if (Object.keys(value).length > maxMembers) return failed([{ attribute: null, detail: `The event has more than ${maxMembers} members.` }])
  const { data, data_base64: encoded, ...attributes } = value
  if (encoded !== undefined && encoded !== null)
    return data === undefined ? readEncoded(encoded, attributes) : wrongData('The event has both data and data_base64. It may have one.')
  return data === undefined ? ok({ attributes, data: null, origin: 'bytes' }) : readData(data, attributes)
}

function readEncoded(encoded: unknown, attributes: RawEvent['attributes']): Result<RawEvent, readonly EventProblem[]> {
  if (typeof encoded !== 'string') return wrongData('data_base64 must be a string.')
  const data = Buffer.from(encoded, 'base64')
  return data.toString('base64') === encoded
    ? ok({ attributes, data, origin: 'base64' })
    : wrongData('data_base64 must be base64 with padding (RFC 4648 section 4).')
}

function readData(data: unknown, attributes: RawEvent['attributes']): Result<RawEvent, readonly EventProblem[]> {
  const { datacontenttype } = attributes
  if (datacontenttype === undefined || datacontenttype === null)
    return ok({
      attributes: Object.assign(attributes, { datacontenttype: 'application/json' }),
      data: Buffer.from(JSON.stringify(data)),
      origin: 'json',
    })
  // The check of the attributes finds a content type that is not a string.
  if (typeof datacontenttype !== 'string' || dataShape(datacontenttype) === 'json')
    return ok({ attributes, data: Buffer.from(JSON.stringify(data)), origin: 'json' })
  return typeof data === 'string'
    ? ok({ attributes, data: Buffer.from(data), origin: 'bytes' })
    : wrongData('data must be a string if datacontenttype is not JSON. Use data_base64 for bytes.')
}

const wrongData = (detail: string) => failed<readonly EventProblem[]>([{ attribute: 'data', detail }])

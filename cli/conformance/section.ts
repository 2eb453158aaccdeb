/** Key word of the rule's sentence (RFC 2119). A sentence without a key word is a SHOULD here. */
export type Level = 'MUST' | 'SHOULD' | 'MAY'

export interface Section {
  readonly document: string
  readonly section: string
  /** Address of the section; null: a page of this repository. */
  readonly url: string | null
}

const specification = 'https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents'

const page =
  (document: string, path: string) =>
  (section: string, anchor: string): Section => ({ document, section, url: `${specification}/${path}#${anchor}` })

/** Sections of CloudEvents 1.0.2. */
export const core = page('CloudEvents 1.0.2', 'spec.md')
export const jsonFormat = page('CloudEvents JSON format 1.0.2', 'formats/json-format.md')
export const httpBinding = page('CloudEvents HTTP binding 1.0.2', 'bindings/http-protocol-binding.md')
export const webSocketBinding = page('CloudEvents WebSocket binding 1.0.2', 'bindings/websockets-protocol-binding.md')
export const rfc = (number: number, section: string): Section => ({
  document: `RFC ${number}`,
  section,
  url: `https://www.rfc-editor.org/rfc/rfc${number}#section-${section}`,
})
/** A section of docs/protocol.md. */
export const resumeProfile = (section: string): Section => ({ document: 'Carillon protocol', section, url: null })

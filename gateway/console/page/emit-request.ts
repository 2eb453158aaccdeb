import type { Audience } from '../../audience/audience.ts'

/** One request to emit one event (docs/protocol.md, section 7). */
export interface EmitRequest {
  /** The id of the event. */
  readonly id: string
  /** The endpoint, below the path of the channel's API. */
  readonly endpoint: 'emit-message' | 'events'
  readonly headers: Readonly<Record<string, string>>
  /** The body; null: none. */
  readonly body: string | null
}

/** The body of `POST emit-message`. */
export interface EmitMessage extends Audience {
  readonly id: string
  readonly type: string
  readonly payload: unknown
}

export function shortRequest(message: EmitMessage): EmitRequest {
  return {
    id: message.id,
    endpoint: 'emit-message',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(message),
  }
}

export type Language = 'curl' | 'javascript' | 'python'

export interface RenderTarget {
  /** The URL of the channel's API. */
  readonly api: string
  /** True: the code has a place for a token, because the gateway needs one. */
  readonly needsToken: boolean
}

/** Returns the request as code to paste elsewhere. Never has a token. */
export function renderRequest(language: Language, request: EmitRequest, { api, needsToken }: RenderTarget): string {
  const parts: CodeParts = {
    url: `${api}/${request.endpoint}`,
    headers: { ...request.headers, ...(needsToken ? { authorization: 'Bearer TOKEN' } : {}) },
    body: request.body,
  }
  return renderers[language](parts)
}

interface CodeParts {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
}

const renderers: Readonly<Record<Language, (parts: CodeParts) => string>> = {
  curl: ({ url, headers, body }) =>
    [
      `curl -i -X POST ${shellText(url)}`,
      ...Object.entries(headers).map(([name, value]) => `-H ${shellText(`${name}: ${value}`)}`),
      ...(body === null ? [] : [`--data-raw ${shellText(body)}`]),
    ].join(' '),
  javascript: ({ url, headers, body }) =>
    [
      `const response = await fetch(${JSON.stringify(url)}, {`,
      `  method: "POST",`,
      `  headers: ${JSON.stringify(headers)},`,
      ...(body === null ? [] : [`  body: ${JSON.stringify(body)},`]),
      '})',
      'console.log(response.status, await response.text())',
    ].join('\n'),
  // The text of a JSON string is a string of Python as well.
  python: ({ url, headers, body }) =>
    [
      'import urllib.request',
      '',
      'request = urllib.request.Request(',
      `    ${JSON.stringify(url)},`,
      `    method="POST",`,
      `    headers=${JSON.stringify(headers)},`,
      `    data=${body === null ? 'b""' : `${JSON.stringify(body)}.encode()`},`,
      ')',
      'with urllib.request.urlopen(request) as response:',
      '    print(response.status, response.read().decode())',
    ].join('\n'),
}

const shellText = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`

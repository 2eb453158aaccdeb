import { request } from 'node:https'
import type { ControlPlane } from '../../testing/control-plane/control-plane.ts'

export interface ClusterAnswer {
  readonly code: number
  /** The object, the list, or the `Status` that says why not. */
  readonly body: { readonly message?: string; readonly [field: string]: unknown }
}

export interface ClusterQuestion {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** With its query. */
  readonly path: string
  readonly body?: object
  /** @default application/json */
  readonly contentType?: string
  /** In what form the answer is wanted. @default application/json */
  readonly accept?: string
  /** @default the administrator's */
  readonly token?: string
}

/** What the server says against a request; empty when it takes it. */
export const complaintOf = ({ code, body }: ClusterAnswer): string => (code < 300 ? '' : `${code}: ${body.message}`)

/** One request to the API server of a test, in its own words: for what our port of it does not know (subresources, dry runs of a create). */
export function askCluster(
  { server, certificateAuthority, token: ofAdministrator }: ControlPlane,
  question: ClusterQuestion,
): Promise<ClusterAnswer> {
  const { method = 'GET', path, body, contentType = 'application/json', accept = 'application/json', token = ofAdministrator } = question
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': contentType, accept }
    const asked = request(`${server}${path}`, { method, headers, ca: certificateAuthority }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (part: string) => (text += part))
      answer.once('error', reject)
      answer.once('end', () => resolve({ code: answer.statusCode ?? 0, body: parsed(text) }))
    })
    asked.once('error', reject)
    asked.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

function parsed(text: string): ClusterAnswer['body'] {
  try {
    return JSON.parse(text) as ClusterAnswer['body'] // an API server answers with objects
  } catch {
    return { message: text } // but for paths that it does not know
  }
}

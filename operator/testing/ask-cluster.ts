import { request } from 'node:https'
import type { ControlPlane } from '../../testing/control-plane/control-plane.ts'

export interface ClusterAnswer {
  readonly code: number
  /** The object, the list, or the `Status` of an error. */
  readonly body: { readonly message?: string; readonly [field: string]: unknown }
}

export interface ClusterQuestion {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Path with its query. */
  readonly path: string
  readonly body?: object
  /** Content type of the body. @default application/json */
  readonly contentType?: string
  /** Wanted content type of the response. @default application/json */
  readonly accept?: string
  /** Token of the caller. @default the administrator's */
  readonly token?: string
}

/** Returns the server's objection to a request. Empty: the server accepts it. */
export const complaintOf = ({ code, body }: ClusterAnswer): string => (code < 300 ? '' : `${code}: ${body.message}`)

/** Sends one raw request to the API server of a test, for what our port does not cover (subresources, dry runs of a create). */
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
    return JSON.parse(text) as ClusterAnswer['body'] // an API server responds with objects
  } catch {
    return { message: text } // except for unknown paths
  }
}

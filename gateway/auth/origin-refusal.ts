import { fixedProblem, type Problem } from '../request/problem.ts'
import { isLocalHost } from './origin-policy.ts'

/**
 * Returns the problem for a request whose `Host` names another machine. Only development mode checks `Host`. A development proxy keeps the name of
 * the page by default, so the problem names the settings that let its requests in.
 * @param origin the request's `Origin`; null: none
 */
export function refuseHost(origin: string | null): Problem {
  const shown = shownOrigin(origin)
  const alsoOrigin =
    shown === null || isLocal(shown) ? '' : ` Also start the gateway with ALLOWED_ORIGINS=${shown}, which lets in pages of that origin.`
  return {
    type: 'origin-forbidden',
    detail: `The Host header names another machine, which development mode does not allow. Use localhost or 127.0.0.1. In a development proxy, set \`changeOrigin: true\`, so that Host is the gateway's own.${alsoOrigin}`,
  }
}

/** Returns the problem for a page of an origin that is not allowed. In development mode it has the setting for this page. */
export function refuseOrigin(origin: string | null, { isDevelopment }: { readonly isDevelopment: boolean }): Problem {
  const shown = isDevelopment ? shownOrigin(origin) : null
  return shown === null
    ? foreignOrigin
    : { type: 'origin-forbidden', detail: `${foreignOrigin.detail} Start the gateway with ALLOWED_ORIGINS=${shown}.` }
}

const foreignOrigin = fixedProblem({
  type: 'origin-forbidden',
  detail: 'The origin is not allowed. Add it to ALLOWED_ORIGINS.',
})

/** Returns the origin in the form of the option; null: a web page cannot have it. */
function shownOrigin(origin: string | null): string | null {
  if (origin === null || origin.length > maxShownLength || !/^https?:/i.test(origin)) return null
  const parsed = URL.parse(origin)
  return parsed === null || parsed.hostname === '' ? null : parsed.origin
}

/** Longest origin that is shown. A host name has at most 253 characters. */
const maxShownLength = 300

const isLocal = (origin: string): boolean => isLocalHost(origin.slice(origin.indexOf('://') + 3))

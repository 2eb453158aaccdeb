import { WireReader } from '../wire-reader.ts'
import { errorOfCode } from '../../kafka-error.ts'
import type { ApiVersions, WireRequest } from '../wire-request.ts'

export const saslAuthenticateKey = 36

/** Asks a broker for its versions, in the one version that all brokers support. */
export function apiVersionsRequest(): WireRequest<ApiVersions> {
  return { apiKey: 18, apiName: 'ApiVersions', version: 0, body: Buffer.alloc(0), decode }
}

function decode(bytes: Buffer): ApiVersions {
  const reader = new WireReader(bytes)
  const errorCode = reader.int16()
  if (errorCode !== 0) throw errorOfCode(errorCode, 'report the requests that it supports')
  const apis = reader.array(() => [reader.int16(), { minVersion: reader.int16(), maxVersion: reader.int16() }] as const, 6)
  return Object.fromEntries(apis)
}

import { lookup } from 'node:dns/promises'
import { connect, isIP } from 'node:net'
import { checkServerIdentity, connect as connectTls, type PeerCertificate } from 'node:tls'
import { failed, ok, type Result } from '../../program/result.ts'
import { causeOf } from '../cause-of.ts'
import { type Check, type Checked, doubtful, type Finding, fine, type Patient, wrong } from './check.ts'
import { noAnswer } from '../probe/probe-http.ts'

/** A certificate that ends sooner is a warning. */
const soonMs = 14 * 86_400_000

const hostOf = ({ target }: Patient): string => target.base.hostname.replaceAll(/^\[|\]$/g, '')
const portOf = ({ target }: Patient): number => Number(target.base.port || (isEncrypted(target.base) ? 443 : 80))
const isEncrypted = ({ protocol }: URL): boolean => protocol === 'https:'

export const dnsCheck: Check = {
  needs: [],
  run: async (patient): Promise<Checked> => {
    const host = hostOf(patient)
    if (isIP(host) !== 0) return { finding: fine(`${host} is an address, so no name is looked up.`) }
    try {
      const addresses = await beforeDeadline(lookup(host, { all: true }), patient)
      return { finding: fine(`${host} is ${addresses.map(({ address }) => address).join(', ')}.`) }
    } catch (error) {
      return {
        finding: wrong(
          `${host} has no address (${causeOf(error)}).`,
          'Check the spelling of the host, its DNS record, and whether a VPN is needed.',
        ),
      }
    }
  },
}

/** Settles as the promise does, or rejects after the time of a check. A lookup cannot be cancelled. */
async function beforeDeadline<T>(promise: Promise<T>, patient: Patient): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(noAnswer(patient))), patient.timeoutMs)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

export const tcpCheck: Check = {
  needs: ['dns'],
  run: async (patient): Promise<Checked> => {
    const startedAtMs = patient.now()
    const at = `port ${portOf(patient)} of ${hostOf(patient)}`
    const opened = await openTcp(patient)
    if (opened.ok) return { finding: fine(`Connected to ${at} after ${patient.now() - startedAtMs} ms.`) }
    return {
      finding: wrong(
        `No connection to ${at} (${opened.error}).`,
        'Check that the gateway or its proxy runs, the port, and the firewalls in between.',
      ),
    }
  },
}

function openTcp(patient: Patient): Promise<Result<void, string>> {
  return new Promise((resolve) => {
    const socket = connect({ host: hostOf(patient), port: portOf(patient), timeout: patient.timeoutMs })
    const finish = (result: Result<void, string>): void => {
      socket.destroy()
      resolve(result)
    }
    socket.once('connect', () => finish(ok(undefined)))
    socket.once('timeout', () => finish(failed(noAnswer(patient))))
    socket.on('error', (error) => finish(failed(causeOf(error))))
  })
}

export const tlsCheck: Check = {
  needs: ['tcp'],
  run: async (patient): Promise<Checked> => {
    if (!isEncrypted(patient.target.base)) return { finding: fine('Not used: the URL has no TLS (http or ws).') }
    const seen = await openTls(patient)
    if (seen.ok) return { finding: diagnoseCertificate(hostOf(patient), seen.value, patient.now()) }
    return {
      finding: wrong(
        `No TLS on port ${portOf(patient)} (${seen.error}).`,
        /wrong version number|packet length too long/i.test(seen.error)
          ? 'The server speaks plain HTTP on this port. Use http or ws in the URL, or the port with TLS.'
          : 'Check the TLS settings of the proxy in front of the gateway.',
      ),
    }
  },
}

export interface SeenCertificate {
  readonly certificate: Pick<PeerCertificate, 'valid_from' | 'valid_to' | 'subject' | 'subjectaltname' | 'issuer'>
  /** Code of OpenSSL for the chain; null: Node trusts it. */
  readonly chainError: string | null
}

function openTls(patient: Patient): Promise<Result<SeenCertificate, string>> {
  return new Promise((resolve) => {
    const host = hostOf(patient)
    const socket = connectTls({
      host,
      port: portOf(patient),
      ...(isIP(host) === 0 ? { servername: host } : {}),
      // Nothing is sent: the certificate is read, and all that is wrong with it is reported.
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
      timeout: patient.timeoutMs,
    })
    const finish = (result: Result<SeenCertificate, string>): void => {
      socket.destroy()
      resolve(result)
    }
    socket.once('secureConnect', () => {
      const chainError = socket.authorized ? null : String(socket.authorizationError)
      finish(ok({ certificate: socket.getPeerCertificate(), chainError }))
    })
    socket.once('timeout', () => finish(failed(noAnswer(patient))))
    socket.on('error', (error) => finish(failed(causeOf(error))))
  })
}

/** Returns all that is wrong with a certificate: its dates, its names and its chain. */
export function diagnoseCertificate(host: string, { certificate, chainError }: SeenCertificate, nowMs: number): Finding {
  const endsAtMs = Date.parse(certificate.valid_to)
  const faults: [result: string, remedy: string][] = []
  if (endsAtMs <= nowMs) faults.push([`The certificate expired on ${dateOf(endsAtMs)}.`, 'Renew it, and let the proxy load the new one.'])
  if (Date.parse(certificate.valid_from) > nowMs)
    faults.push([`The certificate is not valid before ${certificate.valid_from}.`, 'Check the clock of this machine and of the issuer.'])
  // The whole certificate has these members, which is all that the function reads.
  if (checkServerIdentity(host, certificate as PeerCertificate) !== undefined)
    faults.push([
      `The certificate is not for ${host}, but for ${certificate.subjectaltname ?? 'no host'}.`,
      'Use a name of the certificate in the URL, or issue one with this name.',
    ])
  if (chainError !== null && !dateErrors.has(chainError))
    faults.push([
      `The chain of the certificate is not trusted (${chainError}).`,
      'Let the server send its intermediate certificates. For an authority of your own, set NODE_EXTRA_CA_CERTS=FILE here, and add it to the browsers.',
    ])
  if (faults.length > 0) return wrong(faults.map(([result]) => result).join(' '), faults.map(([, remedy]) => remedy).join(' '))
  if (endsAtMs - nowMs < soonMs) return doubtful(`The certificate expires soon, on ${dateOf(endsAtMs)}.`, 'Renew it before that day.')
  return fine(`The certificate is for ${host}, trusted, and valid until ${dateOf(endsAtMs)}.`)
}

const dateErrors: ReadonlySet<string> = new Set(['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID'])
const dateOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)

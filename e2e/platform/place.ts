import { join } from 'node:path'
import type { PlatformOptions } from './options.ts'

/** Location of a platform: its cluster, its names, and its files on this machine. */
export interface Place {
  /** Name of the kind cluster. */
  readonly cluster: string
  /** Host name for browsers. Names below localhost are this machine, without DNS. */
  readonly host: string
  readonly httpPort: number
  readonly httpsPort: number
  /** `https://host:port`: origin of its pages. */
  readonly origin: string
  /** Folder of all files; `make down` removes it. */
  readonly folder: string
  readonly files: {
    readonly kubeconfig: string
    /** Authority that signed the ingress' certificate. */
    readonly caCertificate: string
    readonly caKey: string
    readonly tlsCertificate: string
    readonly tlsKey: string
    /** Key that signs the tokens of the sample's users. */
    readonly signingKey: string
  }
}

export const host = 'carillon.localhost'

/** Names of the ingress' certificate. */
export const dnsNames = [host, `*.${host}`] as const

/**
 *
 * @param root of the repository
 */
export function placeOf({ name, httpPort, httpsPort }: Pick<PlatformOptions, 'name' | 'httpPort' | 'httpsPort'>, root: string): Place {
  const folder = join(root, '.infra', `kind-${name}`)
  const file = (base: string): string => join(folder, base)
  return {
    cluster: name,
    host,
    httpPort,
    httpsPort,
    origin: httpsPort === 443 ? `https://${host}` : `https://${host}:${httpsPort}`,
    folder,
    files: {
      kubeconfig: file('kubeconfig'),
      caCertificate: file('ca.crt'),
      caKey: file('ca.key'),
      tlsCertificate: file('tls.crt'),
      tlsKey: file('tls.key'),
      signingKey: file('login.key'),
    },
  }
}

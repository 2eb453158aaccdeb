import { type Check, type CheckName, checkNames, type Facts, type Finding, type Patient, untried } from './check.ts'
import { emitCheck, httpCheck, originCheck, tokenCheck } from './check-http.ts'
import { dnsCheck, tcpCheck, tlsCheck } from './check-network.ts'
import { cursorCheck, firstEventCheck, heartbeatCheck, subprotocolCheck, websocketCheck } from './check-socket.ts'
import { sseCheck } from './check-stream.ts'

const checks: Readonly<Record<CheckName, Check>> = {
  dns: dnsCheck,
  tcp: tcpCheck,
  tls: tlsCheck,
  http: httpCheck,
  origin: originCheck,
  token: tokenCheck,
  websocket: websocketCheck,
  subprotocol: subprotocolCheck,
  'first-event': firstEventCheck,
  heartbeat: heartbeatCheck,
  cursor: cursorCheck,
  sse: sseCheck,
  emit: emitCheck,
}

export interface NamedFinding extends Finding {
  readonly name: CheckName
}

/**
 * Makes all checks in order. A check that needs a failed one is not tried, and neither is what needs that one.
 * @param reported called before each check that is tried, and with each finding
 */
export async function examine(
  patient: Patient,
  reported: { readonly begins: (name: CheckName) => void; readonly found: (finding: NamedFinding) => void },
): Promise<readonly NamedFinding[]> {
  const blocked = new Map<CheckName, CheckName>()
  const findings: NamedFinding[] = []
  let facts: Facts = {}
  for (const name of checkNames) {
    const need = checks[name].needs.find((one) => blocked.has(one))
    const cause = need === undefined ? undefined : blocked.get(need)
    if (patient.interrupted.aborted) break
    if (cause === undefined) reported.begins(name)
    const { finding, facts: found } =
      cause === undefined ? await checks[name].run(patient, facts) : { finding: untried(`It needs ${cause}, which failed.`), facts: {} }
    facts = { ...facts, ...found }
    if (finding.status === 'failed') blocked.set(name, name)
    else if (cause !== undefined) blocked.set(name, cause)
    findings.push({ name, ...finding })
    reported.found({ name, ...finding })
  }
  facts.socket?.close()
  return findings
}

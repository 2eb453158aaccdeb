import { vi } from 'vitest'
import type { GatewayProcess } from '../testing/processes/gateway-process.ts'

/** Waits until a gateway reads its topic. @returns its addresses @throws with its last output when it is not ready within a minute */
export async function readyGateway(gateway: GatewayProcess): Promise<{ readonly url: string; readonly socketUrl: string }> {
  const { port, internalPort } = await gateway.line('listening')
  await vi.waitFor(
    async () => {
      const answer = await fetch(`http://127.0.0.1:${String(internalPort)}/readyz`, { signal: AbortSignal.timeout(2_000) })
      if (!answer.ok) throw new Error(`the gateway is not ready: ${await answer.text()}\n${gateway.stdout.slice(-2_000)}`)
    },
    { timeout: 60_000, interval: 100 },
  )
  return { url: `http://127.0.0.1:${String(port)}`, socketUrl: `ws://127.0.0.1:${String(port)}/wss/chrome-service/v1/ws` }
}

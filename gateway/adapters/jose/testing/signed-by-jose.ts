import { compactVerify, errors } from 'jose'
import type { SignatureCheck } from '../token-verifier.ts'

/** The oracle of `hasSigned`: the same question, answered by jose with Web Crypto. */
export const signedByJose: SignatureCheck = async (token, { alg, input }) => {
  try {
    await compactVerify(token, input.key, { algorithms: [alg] })
    return true
  } catch (error) {
    // The signature is not of this key, or is not a signature (damaged base64url).
    if (error instanceof errors.JOSEError) return false
    throw error
  }
}

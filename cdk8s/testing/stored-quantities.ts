/** What the API server makes of quantities; `operands.kubernetes.test.ts` asks a real one. */
export const storedQuantities: readonly (readonly [string | number, string])[] = [
  ['100m', '100m'], ['1000m', '1'], ['1500m', '1500m'], ['0.5', '500m'], ['2.50', '2500m'], [2, '2'], [0, '0'], ['0.0', '0'],
  ['1000', '1k'], ['1500', '1500'], ['1000k', '1M'], ['0.5k', '500'], ['1.5G', '1500M'], ['1024', '1024'],
  ['192Mi', '192Mi'], ['1024Mi', '1Gi'], ['1536Mi', '1536Mi'], ['1.5Gi', '1536Mi'], ['0.5Gi', '512Mi'], ['1048576Ki', '1Gi'], ['1024Gi', '1Ti'],
  ['0.5Ki', '512'], ['1Ki', '1Ki'], ['0Mi', '0'], ['1.1Mi', '1153433600m'], ['0.3Ki', '307200m'], ['01000', '1k'], ['5000T', '5P'],
]

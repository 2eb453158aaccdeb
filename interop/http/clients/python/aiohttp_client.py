"""Receives by aiohttp, which offers compression and sends a ping. Arguments: URL and token."""
import asyncio
import sys

import aiohttp

from lines import write, write_message

URL, TOKEN = sys.argv[1:3]


async def receive():
    pongs = 0
    async with aiohttp.ClientSession(headers={'Authorization': f'Bearer {TOKEN}'}) as session:
        async with session.ws_connect(URL, protocols=['cloudevents.json'], compress=15, autoping=False) as socket:
            write('open', {'protocol': socket.protocol})
            await socket.ping(b'interop')
            async for message in socket:
                if message.type == aiohttp.WSMsgType.PING:
                    await socket.pong(message.data)
                if message.type == aiohttp.WSMsgType.PONG:
                    pongs += message.data == b'interop'
                if message.type == aiohttp.WSMsgType.TEXT and write_message(message.data):
                    await socket.close()
            write('close', {'code': socket.close_code})
    if pongs != 1:
        raise RuntimeError(f'{pongs} pongs for one ping')


asyncio.run(receive())

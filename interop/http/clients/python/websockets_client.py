"""Receives by websockets. Arguments: URL, token, and where the token is: header, or subprotocol with an Origin."""
import asyncio
import sys

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from lines import write, write_message

URL, TOKEN, PLACE = sys.argv[1:4]
if PLACE == 'header':
    OPTIONS = {'subprotocols': ['cloudevents.json'], 'additional_headers': {'Authorization': f'Bearer {TOKEN}'}}
else:
    OPTIONS = {'subprotocols': ['cloudevents.json', f'bearer.{TOKEN}'], 'origin': PLACE}


async def receive():
    try:
        async with connect(URL, **OPTIONS) as socket:
            write('open', {'protocol': socket.subprotocol})
            try:
                async for text in socket:
                    if write_message(text):
                        await socket.close()
            except ConnectionClosed:
                pass
            write('close', {'code': socket.close_code})
    except InvalidStatus as refusal:
        write('refused', {'status': refusal.response.status_code})


asyncio.run(receive())

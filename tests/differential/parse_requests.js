// What Node.js makes of bytes from a client: the same input and output as parse_requests.cc. Its HTTP server reads from a
// stream in this process instead of a socket.
'use strict';

const http = require('node:http');
const { Duplex } = require('node:stream');

class Wire extends Duplex {
  _read() {}
  _write(chunk, encoding, done) { done(); }
}

const hex = (text) => Buffer.from(text, 'latin1').toString('hex');

let seen;      // what becomes the line of this case
let messages;  // the requests as Node.js has them, beside those of `seen`

function serve(request, response) {
  if (request.method === undefined) {  // one that llhttp knows and Node.js has no name for
    seen.end = 'refused';
    seen.reason = 'HPE_INVALID_METHOD: Invalid method encountered';
    return;
  }
  const entry = { method: hex(request.method), target: hex(request.url), fields: [], content: '', complete: false };
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    entry.fields.push([hex(request.rawHeaders[i]), hex(request.rawHeaders[i + 1])]);
  }
  seen.requests.push(entry);
  messages.push(request);
  request.on('data', (piece) => { entry.content += piece.toString('hex'); });
  request.on('end', () => response.end());
  request.on('error', () => {});
}

function serveExpected(request, response) {
  response.writeContinue();
  serve(request, response);
}

// Everything after it belongs to another protocol.
function switchProtocol(request, socket) {
  serve(request, null);
  request.removeAllListeners('end');
  seen.requests.at(-1).tunnel = true;
  seen.end = 'closed';
  setImmediate(() => socket.destroy());
}

function makeServer() {
  const server = http.createServer({ maxHeaderSize: 1 << 20, requireHostHeader: false, requestTimeout: 0, headersTimeout: 0,
                                     keepAliveTimeout: 0, connectionsCheckingInterval: 1 << 30 });
  server.on('request', serve);
  server.on('checkContinue', serveExpected);
  server.on('checkExpectation', serve);
  server.on('connect', switchProtocol);
  server.on('clientError', (error, socket) => {
    // What comes after a last request is not read, and is no fault.
    const closed = error.code === 'HPE_CLOSED_CONNECTION';
    if (seen.end === 'incomplete') seen.end = closed ? 'closed' : 'refused';
    if (!closed) seen.reason = `${error.code}: ${error.reason || error.message}`;
    setImmediate(() => socket.destroy());
  });
  return server;
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

// All of it happens in this process, in the order in which streams call back: a few turns of the loop are enough.
async function describe(server, bytes) {
  seen = { requests: [], end: 'incomplete', status: 0, reason: '' };
  messages = [];
  const wire = new Wire();
  wire.on('error', () => {});
  wire.on('finish', () => { if (seen.end === 'incomplete') seen.end = 'closed'; });
  server.emit('connection', wire);
  wire.push(bytes);
  for (let turns = 0; turns < 4; ++turns) await turn();
  messages.forEach((message, i) => { seen.requests[i].complete = message.complete; });
  const result = JSON.stringify(seen);
  wire.destroy();
  return result;
}

async function main() {
  const pieces = [];
  for await (const piece of process.stdin) pieces.push(piece);
  const input = Buffer.concat(pieces);
  const server = makeServer();
  const lines = [];
  for (let at = 0; at < input.length;) {
    const size = input.readUInt32BE(at);
    lines.push(await describe(server, input.subarray(at + 4, at + 4 + size)));
    at += 4 + size;
  }
  process.stdout.write(lines.join('\n') + '\n');
}

main();

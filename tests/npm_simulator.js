// Drives as the Udacity simulator does, by a Socket.IO client that nobody here wrote: socket.io-client 2.x, from
// NODE_PATH. Arguments: port, the Engine.IO revision to announce, how many telemetries to send. Prints every command.
const [port, revision, count] = process.argv.slice(2).map(Number);
require('engine.io-parser').protocol = revision;  // what it says; it goes on to speak 3, like the simulator
const socket = require('socket.io-client')(`http://127.0.0.1:${port}`, {
  transports: ['websocket'],
  reconnectionDelay: 100,  // until somebody listens
  reconnectionDelayMax: 100,
});
const image = require('fs').readFileSync(0).toString('base64');
let sent = 0;

function tell() {
  if (sent === count) return socket.close();
  sent += 1;
  socket.emit('telemetry', {steering_angle: '0.0000', throttle: '0.0000', speed: '10.0000', image});
}

socket.on('connect', () => { tell(); sent -= 1; tell(); });  // twice, as the simulator does
socket.on('steer', (command) => { console.log(JSON.stringify(command)); tell(); });
socket.on('manual', tell);

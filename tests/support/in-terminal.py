"""Runs a program in a pseudo-terminal: in-terminal.py COLUMNSxROWS [MS:COLUMNSxROWS | MS:SIGNAL]... -- PROGRAM [ARGUMENT]...

MS count from what is written first. Each line of its output is JSON: what was written {"at": MS, "data": BASE64}, a new size {"size": [COLUMNS, ROWS]} from
there on, and last {"code": EXIT}, negative where a signal ended the program.
"""
import base64, fcntl, json, os, pty, select, signal, struct, sys, termios, time

split = sys.argv.index('--')
size, todo = sys.argv[1], [one.split(':') for one in sys.argv[2:split]]


def dimensions(text):
    return [int(n) for n in text.split('x')]


def resize(fd, text):
    columns, rows = dimensions(text)
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))


def tell(**what):
    print(json.dumps(what), flush=True)


start_read, start_write = os.pipe()
pid, fd = pty.fork()
if pid == 0:
    os.read(start_read, 1)
    os.execvp(sys.argv[split + 1], sys.argv[split + 1:])
resize(fd, size)
begun = None
os.write(start_write, b'x')


def elapsed():
    return 0 if begun is None else (time.monotonic() - begun) * 1000


while True:
    while begun and todo and elapsed() >= int(todo[0][0]):
        what = todo.pop(0)[1]
        if 'x' in what:
            # What was written for the old size comes before it.
            while select.select([fd], [], [], 0.05)[0]:
                tell(at=elapsed(), data=base64.b64encode(os.read(fd, 65536)).decode())
            tell(size=dimensions(what))
            resize(fd, what)
        else:
            os.kill(pid, getattr(signal, what))
    wait = min(0.05, max(int(todo[0][0]) - elapsed(), 0) / 1000) if begun and todo else 0.05
    if not select.select([fd], [], [], wait)[0]:
        continue
    try:
        data = os.read(fd, 65536)
    except OSError:
        break
    if not data:
        break
    begun = begun or time.monotonic()
    tell(at=elapsed(), data=base64.b64encode(data).decode())
status = os.waitpid(pid, 0)[1]
tell(code=os.waitstatus_to_exitcode(status))

package localpg

import (
	"errors"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// account is who the server runs as: nil for ourselves. Postgres refuses root.
func account() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err1 == nil && err2 == nil {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
		}
	}

	return nil, errors.New("Postgres does not run as root, and there is no user postgres or nobody")
}

// spawn starts the server and waits for its end in a goroutine that Stop ends.
// On Linux the server dies with the thread that started it, which therefore is
// that goroutine's until the end.
func (s *Server) spawn() error {
	started := make(chan error, 1)
	s.done = make(chan error, 1)
	go func() {
		holdThread()
		err := s.cmd.Start()
		started <- err
		if err == nil {
			s.done <- s.cmd.Wait()
		}
	}()

	return <-started
}

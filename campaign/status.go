package campaign

// Status is a campaign's status, in the numbers of the wire.
type Status int

// The statuses. Only Started dials.
const (
	Stopped       Status = 0
	Started       Status = 1
	Paused        Status = 2
	Stopping      Status = 10 // no new calls; becomes Stopped when the last call has ended
	Starting      Status = 11 // only ever asked for; stored as Started
	Pausing       Status = 12 // as Stopping, becomes Paused
	ForceStopping Status = 30 // all calls are being hung up; becomes Stopped
)

// Move is a change of status that is made only from certain ones.
type Move struct {
	From   []Status
	To     Status
	Reason string // why the engine does it; kept until the next start
}

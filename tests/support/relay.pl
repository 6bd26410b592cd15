# A link to the command in $ARGV[4], which is run here. The connection stays open all the while, whatever happens on it.
#   $ARGV[0]  bytes that come from the far end before it falls silent (-1: it never does)
#   $ARGV[1]  seconds of silence, after which all goes on
#   $ARGV[2]  1: while it is silent, the far end takes nothing either
#   $ARGV[3]  bytes a second, each way (0: no limit)
use strict;
use warnings;
use IO::Poll qw(POLLIN POLLERR POLLHUP);
use IPC::Open2;
use Time::HiRes qw(time sleep);

my ($quiet, $silence, $deaf, $rate, $command) = @ARGV;
my $life = time + 60;
open STDERR, '>', '/dev/null';
$SIG{PIPE} = 'IGNORE';
my $pid = open2(my $back, my $there, 'sh', '-c', $command);
my ($near, $away) = (\*STDIN, \*STDOUT);
my ($passed, $resume, %pause) = (0, 0);

# Passes one piece on; false at the end of `from`.
sub pass {
    my ($from, $to, $most) = @_;
    my $got = sysread($from, my $bytes, $most);
    return 0 if !$got;
    for (my $at = 0; $at < $got; ) {
        my $did = syswrite($to, $bytes, $got - $at, $at);
        return 0 if !defined $did;
        $at += $did;
    }
    $pause{$from} = time + $got / $rate if $rate;
    return $got;
}

my $open = 1;
while (time < $life) {
    ($quiet, $resume) = (-1, 0) if $resume && time > $resume;
    my $most = $rate ? int($rate / 20) + 1 : 8192;
    my $poll = IO::Poll->new;
    # An end that nobody reads from any more tells so.
    $poll->mask($away => POLLERR);
    $poll->mask($back => POLLIN) if !$resume && time >= ($pause{$back} // 0);
    $poll->mask($near => POLLIN) if $open && !($resume && $deaf) && time >= ($pause{$near} // 0);
    $poll->poll(0.02);
    last if $poll->events($away) & (POLLERR | POLLHUP);
    if ($poll->events($back)) {
        my $left = $quiet - $passed;
        if ($quiet < 0 || $left > 0) {
            my $got = pass($back, $away, $quiet >= 0 && $left < $most ? $left : $most);
            last if !$got;
            $passed += $got;
        }
        $resume = time + $silence if $quiet >= 0 && $passed >= $quiet;
    }
    if ($poll->events($near) && !pass($near, $there, $most)) {
        close $there;
        $open = 0;
    }
}
kill KILL => $pid if time >= $life || $resume;
exit 0;

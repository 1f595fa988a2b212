#!/usr/bin/perl
# A form that shows what was typed into it. Only the core of Perl.
use strict;
use warnings;

# Enough for a form of this size, whatever a client may send.
my $CONTENT_MAX = 65_536;

sub escaped {
    my ($text) = @_;
    my %entities = ('&' => '&amp;', '<' => '&lt;', '>' => '&gt;', '"' => '&quot;', "'" => '&#39;');
    $text =~ s/([&<>"'])/$entities{$1}/g;
    return $text;
}

# "a=1&b=2" as pairs, in their order.
sub pairs_of {
    my ($encoded) = @_;
    my @pairs;
    for my $part (split /&/, $encoded) {
        my ($name, $value) = split /=/, $part, 2;
        for ($name, $value) {
            $_ //= '';
            tr/+/ /;
            s/%([0-9A-Fa-f]{2})/chr hex $1/ge;
        }
        push @pairs, [$name, $value];
    }
    return @pairs;
}

my $length = $ENV{CONTENT_LENGTH} // 0;
if ($length > $CONTENT_MAX) {
    print "Status: 413 Content Too Large\nContent-Type: text/plain\n\nThat is too much.\n";
    exit;
}
my $content = '';
read STDIN, $content, $length if $length > 0;

my $rows = join '', map { "<dt>" . escaped($_->[0]) . "<dd>" . escaped($_->[1]) . "\n" } pairs_of($content);
my $action = escaped($ENV{SCRIPT_NAME});

print "Content-Type: text/html; charset=utf-8\n\n";
print <<"PAGE";
<!doctype html>
<html lang="en">
<title>A form</title>
<h1>A form</h1>
<form method="post" action="$action">
<p><label>Name <input name="name"></label>
<p><label>Words <textarea name="words"></textarea></label>
<p><button>Send</button>
</form>
<dl>
$rows</dl>
PAGE

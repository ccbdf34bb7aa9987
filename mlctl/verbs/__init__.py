"""What mlctl does: one module a command, one public function each."""

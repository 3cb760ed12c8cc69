"""What is wrong with a source's contacts, found before anything is connected; it only reads, and knows no connector."""
